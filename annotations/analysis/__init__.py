"""What a study found: plain rows in, tables and figures out.

`estimates`, `permutations` and `saturation` are statistics over arrays; `people`, `table3`, `conditions`
and `charts` know what the rows mean; `rows` and `times` read them from the database, `splits` from the data sets; `tables` puts
all together. What each number is: docs/methods.md.
"""
