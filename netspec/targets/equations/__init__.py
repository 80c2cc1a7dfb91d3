"""A network as equations: one line a node, each element of its value as a formula over elements of others.

Takes a graph, gives text for people: what a paper's appendix would say, with the sizes put in. The formulas are those
of evaluation. ``sum``, ``mean`` and ``max`` run over the ranges behind ``for``, which begin with 0; indices count from
0, ``//`` and ``%`` are whole division and its rest. What lies outside of a value counts as zero in a sum, and in a mean
or a maximum not at all. What has no such formula is written as a call with its arguments.

    model       what an equation is; the table of rules
    windows, elementwise, reductions, layout
                the rules, by what the ops do
    write       a graph, line by line
"""

from netspec.targets.equations.write import write_equations

__all__ = ["write_equations"]
