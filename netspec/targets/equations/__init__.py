"""A network as equations: one line per node, each element of its value as a formula over elements of others.

Compiles a graph to text for people, as in a paper's appendix, with numbers for the sizes. The formulas are those of
evaluation. ``sum``, ``mean`` and ``max`` run over the ranges behind ``for``, which begin with 0; indices count from 0,
``//`` and ``%`` are integer division and its remainder. What lies outside of a value counts as zero in a sum, and in a
mean or a maximum not at all. An op without such a formula is written as a call with its arguments. The values of a scan
have the number of the round, ``t``, as their first index, and those of a scan in a scan ``t`` and ``t2``.

    model       what an equation is; the table of rules
    windows, elementwise, reductions, layout
                the rules, by what the ops do
    rounds      scans as recurrences
    write       a graph, line by line
"""

from netspec.targets.equations.write import write_equations

__all__ = ["write_equations"]
