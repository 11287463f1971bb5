"""The fast path: quick sufficient checks of plain JSON before the full walk.

Most values conform, and then nothing else has to be done. A check may say no to a value that
conforms, for then the walk is taken, which also says what is wrong; but it must never say yes where
the walk would find something, whatever the value is. tests/validate/profiles compares the two.
"""
