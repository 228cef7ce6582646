"""What a study found: plain rows in, tables and figures out.

`estimates`, `permutations` and `saturation` are statistics over arrays; `people`, `table3`, `conditions` and `figures`
know what the rows mean; `rows` and `times` read them from the database, `splits` from the data sets; `tables` puts all
together, as `definitions` says. What each number is: docs/methods.md.
"""
