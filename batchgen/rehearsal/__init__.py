"""Tonight's job on a simulator with faults, its runs killed again and again, time compressed.

folder       a folder of its own, emptied before each rehearsal
pace         the compressed time, and how a run is told of it
performing   the simulator, the starts of `batchgen run` as processes, the kills
collecting   what the simulator billed, what the state says, what lies in the folder
judging      the promises, held against the simulator's own bill; pure
"""
