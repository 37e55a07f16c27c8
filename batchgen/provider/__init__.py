"""The video provider: its port, the BigModel client, and what each code of its API means."""
