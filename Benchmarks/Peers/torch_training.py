"""One training step in PyTorch: loss, gradients, a limit on their norm, Adam in its fused form."""

import torch

UNTRAINED = (".running_mean", ".running_variance")


def parameters_of(arrays, trained=True, window_last=True):
    """The parameters of a task by name; all but running statistics want gradients.

    Weights of convolutions are outputs x window x inputs in Sextant, outputs x inputs x window here, if not told otherwise.
    """
    parameters = {}
    for name, array in arrays.items():
        if name.startswith("input."):
            continue
        is_moved = window_last and array.ndim == 3
        parameters[name] = torch.from_numpy(array.swapaxes(1, 2).copy() if is_moved else array)
        parameters[name].is_moved = is_moved
        if trained and not name.endswith(UNTRAINED):
            parameters[name].requires_grad_()
    return parameters


class Training:
    """Steps of Adam on a loss of named parameters."""

    def __init__(self, settings, parameters, loss):
        self.loss = loss
        self.trained = {name: p for name, p in parameters.items() if p.requires_grad}
        self.largest_norm = settings["largestNorm"]
        self.optimiser = torch.optim.Adam(list(self.trained.values()), lr=settings["rate"], fused=True)

    def check(self):
        loss = self.loss()
        loss.backward()
        answers = {}
        for name, p in self.trained.items():
            if p.grad is not None:
                answers["gradient." + name] = (p.grad.transpose(1, 2) if p.is_moved else p.grad).numpy()
        answers["loss"] = loss.detach().numpy()
        self.optimiser.zero_grad()
        return answers

    def run(self):
        self.optimiser.zero_grad()
        self.loss().backward()
        torch.nn.utils.clip_grad_norm_(self.trained.values(), self.largest_norm)
        self.optimiser.step()
