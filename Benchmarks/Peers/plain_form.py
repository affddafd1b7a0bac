"""The plain form of the flow's first layers: one matrix for each, which reads [half of x, y] side by side, as the paper
describes and a user would write it. Sextant keeps the parts that read y as one matrix for all couplings, `condition.weight`."""

import numpy

CONDITION = "condition.weight"


def first_weights(settings):
    """The names of the couplings' first weights, in the order in which the rows of `condition.weight` belong to them."""
    return [
        f"step.{step + 1}.coupling.{half + 1}.first.weight" for step in range(settings["steps"]) for half in range(2)
    ]


def joined(settings, arrays):
    """The arrays of a task with each coupling's part of `condition.weight` beside its first weight."""
    names = first_weights(settings)
    parts = numpy.split(arrays[CONDITION], len(names))
    result = {name: array for name, array in arrays.items() if name != CONDITION}
    return result | {name: numpy.concatenate([arrays[name], part], 1) for name, part in zip(names, parts)}


def separated(settings, answers):
    """The answers to a check with the gradients of joined weights as Sextant keeps them."""
    names = ["gradient." + name for name in first_weights(settings)]
    read_count = settings["dimension"] // 2
    parts = [numpy.asarray(answers[name]) for name in names]
    result = dict(answers) | {name: part[:, :read_count] for name, part in zip(names, parts)}
    return result | {"gradient." + CONDITION: numpy.concatenate([part[:, read_count:] for part in parts])}
