"""Services that one would otherwise write around the same artifact, to compare ours with.

Run by the interpreter of .venv-peers. They may import the artifact and the tokeniser of ours, and
differ in nothing but how they serve them; each is written as its framework's manual shows.
"""
