"""The pictures that rows name: files are opened and measured, those on the web asked for.

    finder        a cell ──► a picture, or why it is none
    facts         what was found, remembered for the next command
    first_bytes   format and size, from how a file begins
    web           asks servers, as if they were hostile
    probe         looks at pictures on the web without taking more than must be
    fetching      downloads them, where only this machine may have them
    store         keeps what lies in no file of its own

Knows no table and no clip; sends nothing.
"""
