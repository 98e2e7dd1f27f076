"""The fits that scikit-learn asks for: what each needs, the steps around its net, and how its result is handed back.

Knows trained nets, but not how nets are put into stacks.
"""
