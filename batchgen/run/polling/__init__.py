"""When to ask for a task: rarely while it can hardly have ended, densely when it likely has.

    seen durations, ages of what runs -> `learning` -> `law`      how long tasks take
    law, price of one poll            -> `schedule`               the ages at which to ask
    recent tasks against the law      -> `drift`                  peak hours are slower
    all of it for one model's tasks   -> `rhythm`                 what the follower talks to

Pure: no clock, no chance, no network. A poll is worth some seconds of lag (its price); the best
schedule has the least lag plus price of polls to expect, and of two equal ones nobody cares.
"""
