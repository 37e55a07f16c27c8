"""A row becomes clips: what is asked for, once a cell of the matrix and a take. Pure.

    matrix       the combinations of what a job varies
    prompts      template and row ──► prompt
    shaping      the shape of a clip, and what is done to its pictures for it
    objections   what a platform would say to such clips
    frames       all of a request that many rows share
    identity     what makes two requests the same
    expand       a row ──► its clips, or its faults

Knows nothing of what was bought before.
"""
