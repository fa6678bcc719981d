"""What is slow to make at each start, made once: the tables of the grammars, and the proved rows of the data.

`python tests/generate/generated.py` writes the modules of this folder; a test compares. Each names what it was made of.
Where that is not what ships any more, the grammar or the data file itself is read.
"""
