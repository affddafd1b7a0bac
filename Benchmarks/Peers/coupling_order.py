"""The order of the entries of a coupling flow, computed as in the published program: with NumPy's legacy generator. It is not
taken from Sextant, so that the comparison checks it."""

import numpy


def orders_before(dimension, steps, restores_order):
    """For each coupling, the places from which entries come just before it on the way from z to x; None for a reversal."""
    reversal = numpy.arange(dimension)[::-1]
    after = []
    standing = numpy.arange(dimension)
    for step in range(steps):
        permuted = reversal[numpy.random.RandomState(step).permutation(dimension)]
        for order in (reversal, permuted):
            after.append(order)
            standing = standing[order]
    if restores_order:
        after[-1] = after[-1][numpy.argsort(standing)]
    before = [numpy.argsort(order) for order in after]
    return [None if numpy.array_equal(order, reversal) else order for order in before]
