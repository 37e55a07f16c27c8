"""The API on loopback: tiers, task lives, errors, the bill, and clips drawn from the pictures.

server   ──► limits      is the call well formed, and what does the API answer if not
   │    └──► account ──► lifecycle     caps, chance, tasks, bill; kept in a folder
   └───────► renderer ─► pictures      clips, drawn when they are first fetched
switches     everything about the API that nobody knows for sure, as settings
embedded     the same server as a child process of a run
"""
