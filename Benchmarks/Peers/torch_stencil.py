"""The U-Net over neighbourhoods in PyTorch: B x V x C, neighbours gathered into rows, one product for all."""

import math

import torch
import torch.nn.functional as F
from neighbour_tables import group_count, levels_of
from torch_training import Training, parameters_of


class Gather(torch.autograd.Function):
    """Rows of B x V x C by a table. PyTorch's own gradient adds row by row, many times slower."""

    @staticmethod
    def forward(context, x, forward, backward):
        context.backward_table = backward
        return F.pad(x, (0, 0, 0, 1)).index_select(1, forward)

    @staticmethod
    def backward(context, gradient):
        table = context.backward_table
        places = F.pad(gradient, (0, 0, 0, 1)).index_select(1, table.flatten())
        return places.unflatten(1, table.shape).sum(2), None, None


class UNet:
    """The network over the parameters of Sextant, under their names."""

    def __init__(self, settings, parameters):
        self.settings = settings
        self.p = parameters
        self.levels = levels_of(settings)
        for level in self.levels:
            for name in ("stencil", "down", "up"):
                table = getattr(level, name)
                if table is not None:
                    table.tensors = torch.from_numpy(table.forward).long(), torch.from_numpy(table.backward).long()

    def convolution(self, x, table, path):
        weight = self.p[path + ".weight"]
        rows = Gather.apply(x, *table.tensors).reshape(len(x), -1, weight.shape[1] * weight.shape[2])
        return F.linear(rows, weight.flatten(1), self.p[path + ".bias"])

    def normalisation(self, x, path):
        batch, count, channels = x.shape
        groups = group_count(channels)
        variance, mean = torch.var_mean(x.view(batch, count, groups, -1), (1, 3), correction=0)
        spread = channels // groups
        scale = (variance + 1e-5).rsqrt().repeat_interleave(spread, 1) * self.p[path + ".weight"]
        shift = self.p[path + ".bias"] - mean.repeat_interleave(spread, 1) * scale
        return torch.addcmul(shift[:, None], x, scale[:, None])

    def block(self, x, time, table, path):
        h = self.convolution(F.silu(self.normalisation(x, path + ".norm.0")), table, path + ".conv.0")
        if time is not None:
            h = h + F.linear(time, self.p[path + ".time.weight"], self.p[path + ".time.bias"])[:, None]
        h = self.convolution(F.silu(self.normalisation(h, path + ".norm.1")), table, path + ".conv.1")
        return h + (F.linear(x, self.p[path + ".shortcut.weight"]) if path + ".shortcut.weight" in self.p else x)

    def embedding(self, times):
        half = self.settings["widths"][0] // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float64) / (half - 1))
        angles = times.double()[:, None] * 1000 * frequencies
        waves = torch.cat([angles.sin(), angles.cos()], 1).float()
        hidden = F.silu(F.linear(waves, self.p["time.hidden.weight"], self.p["time.hidden.bias"]))
        return F.silu(F.linear(hidden, self.p["time.last.weight"], self.p["time.last.bias"]))

    def __call__(self, x, times):
        blocks = range(self.settings["blocksPerLevel"])
        time = self.embedding(times) if self.settings["usesTime"] else None
        h = self.convolution(x, self.levels[0].stencil, "first")
        skips = []
        for index, level in enumerate(self.levels):
            for block in blocks:
                h = self.block(h, time, level.stencil, f"down.{index}.{block}")
            if level.down is not None:
                skips.append(h)
                h = self.convolution(h, level.down, f"down.{index}.step")
        for index in reversed(range(len(self.levels) - 1)):
            level = self.levels[index]
            h = self.convolution(h, self.levels[index + 1].stencil, f"up.{index}.step")
            h = torch.cat([Gather.apply(h, *level.up.tensors), skips[index]], 2)
            for block in blocks:
                h = self.block(h, time, level.stencil, f"up.{index}.{block}")
        h = F.silu(self.normalisation(h, "last.norm"))
        return self.convolution(h, self.levels[0].stencil, "last")


def stencil_training(settings, arrays):
    """The mean squared error of the output."""
    parameters = parameters_of(arrays, window_last=False)
    network = UNet(settings, parameters)
    x, target, times = (torch.from_numpy(arrays["input." + name]) for name in ("x", "target", "times"))
    return Training(settings, parameters, lambda: F.mse_loss(network(x, times), target))
