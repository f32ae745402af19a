"""Services that one would otherwise write around the same artifact, to compare this one with.

Run by the interpreter of .venv-peers. They import the artifact and the tokeniser, and
differ in nothing but how they serve them; each is written as its framework's manual shows.
"""
