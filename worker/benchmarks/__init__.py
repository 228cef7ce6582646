"""`manage.py benchmark`: every row of the paper's tables on one data set, each measured on its test images.

`methods` lists the rows, `certified` and `published` train them, `annotations` and `participants` say what Clarify is
told, `run` goes through them, `tables` and `files` write down what came out.
"""
