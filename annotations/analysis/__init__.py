"""What a study found: plain rows in, tables and figures out.

`estimates`, `mean_differences` and `saturation` are statistics over arrays; `people`, `table3`, `conditions` and
`figures` know what the rows mean; `rows`, `counts` and `times` read them from the database, `splits` from the data
sets; `measures`, `definitions` and the modules of single tables say what their columns are, and `tables` puts all
together.
What each number is: docs/methods.md.
"""
