"""From planned pictures to what is sent: of another shape if asked for, without metadata.

    sending   what stands in the request: a URL, or the file's data without what is private
    fitting   cut, padded or blurred to another shape
    pixels    turned upright and encoded anew

Blocks; knows nothing of HTTP.
"""
