"""batchgen turns a shop's catalogue into checked product videos, with every yuan accounted for.

    catalogue ──► plan ──► run ──► output ──► review
                   ▲        │ ▲
                   └─ state ◄┘ └─ provider

A manifest of products becomes items (`catalogue`), items times the job's matrix become a priced
plan (`plan`), the runner keeps exactly the account's tier of tasks alive (`run`, `provider`), each
clip is downloaded and checked at once (`output`), and one database knows every purchase (`state`).
"""
