"""How long it takes until everything is here that a plan buys. Pure.

    queues     what waits, what was seen, and what is told of it
    queueing   many possible courses of a queue, drawn by chance
    forecast   when it is done, with a band that says how sure that is

Knows no clip and no price.
"""
