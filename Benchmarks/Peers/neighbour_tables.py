"""Tables for gathering rows by index, forwards and backwards: the inputs of each output of a convolution over neighbourhoods,
and the outputs of each input, so that the gradient of a gather is a gather and a sum."""

import numpy


class NeighbourTable:
    """Rows `indices` of an array of `count` rows, -1 for a row of zeros."""

    def __init__(self, indices, count):
        indices = numpy.asarray(indices, numpy.int32)
        self.count = count
        #: Places to read from the array with a row of zeros behind it.
        self.forward = numpy.where(indices < 0, count, indices)
        uses = numpy.bincount(indices[indices >= 0], minlength=count)
        #: For each input, the outputs that read it; those without end in a row of zeros behind the outputs.
        self.backward = numpy.full((count, max(1, uses.max())), len(indices), numpy.int32)
        places = numpy.flatnonzero(indices >= 0)
        places = places[numpy.argsort(indices[places], kind="stable")]
        rows = indices[places]
        starts = numpy.concatenate([[0], numpy.cumsum(uses)[:-1]])
        self.backward[rows, numpy.arange(len(rows)) - starts[rows]] = places


class Level:
    """One resolution of a hierarchy."""

    def __init__(self, settings):
        self.count = settings["count"]
        self.stencil = NeighbourTable(settings["stencil"], self.count)
        self.down = NeighbourTable(settings["down"], self.count) if settings.get("down") else None
        self.up_indices = settings.get("up")
        self.up = None


def levels_of(settings):
    """The hierarchy that a task describes, finest first."""
    levels = [Level(level) for level in settings["levels"]]
    for level, coarser in zip(levels, levels[1:]):
        level.up = NeighbourTable(level.up_indices, coarser.count)
    return levels


def group_count(channels):
    """Groups of at least eight channels, and at most eight groups."""
    return max(g for g in range(1, max(1, min(8, channels // 8)) + 1) if channels % g == 0)
