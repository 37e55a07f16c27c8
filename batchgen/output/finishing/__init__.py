"""The second file beside each clip: held, cut or filled up to what a shop's platform asks for.

    shape     which part of the clip is shown, how large, and where on the picture   (pure)
    look      a frame of the clip turned into one of that shape
    sound     what is heard, with silence while the last frame is held
    film      reads a clip's facts; encodes one clip into the other
    record    which second files stand, by a note in the clip's provenance
    making    one clip's second file, from the question to the rename

A second file is made from files alone: the clip, its record in the state and its money are never
touched. It can be deleted; the next `run` or `report` makes it again.
"""
