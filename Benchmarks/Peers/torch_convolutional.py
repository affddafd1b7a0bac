"""The convolutional conditional flow in PyTorch, in the direction of training by likelihood: x to z, channels first."""

import numpy
import torch
import torch.nn.functional as F
from torch_training import Training, parameters_of


class Flow:
    """The flow over the parameters of Sextant, under their names. It has no steps but those that make pixels channels."""

    def __init__(self, settings, parameters):
        assert settings["step"] == "squeeze" and settings["rebalance"] == 1
        self.settings = settings
        self.p = parameters
        self.orders = {}

    def layer(self, x, path, **how):
        """A convolution, or a dense layer on the channels."""
        weight, bias = self.p[path + ".weight"], self.p[path + ".bias"]
        if x.ndim == 2:
            return F.linear(x, weight, bias)
        if weight.ndim == 2:
            return F.conv2d(x, weight[:, :, None, None], bias)
        return F.conv2d(x, weight.view(*weight.shape[:2], 3, 3), bias, padding=1, **how)

    def coupling(self, x, condition, path, clamp, seed):
        """The transformed numbers, and the sums of the log-scales of each sample."""
        first, second = x.split([x.shape[1] // 2, x.shape[1] - x.shape[1] // 2], 1)
        total = 0
        halves = [first, second]
        for name, changed in (("first", 0), ("second", 1)):
            seen = torch.cat([halves[1 - changed], condition], 1)
            h = self.layer(F.relu(self.layer(seen, f"{path}.{name}.hidden")), f"{path}.{name}.last")
            raw, shift = h.chunk(2, 1)
            log_scale = torch.atan(raw) * (0.636 * clamp)
            halves[changed] = torch.exp(log_scale) * halves[changed] + shift
            total = total + log_scale.flatten(1).sum(1)
        x = torch.cat(halves, 1)
        return x if seed is None else x[:, self.order(x.shape[1], seed)], total

    def order(self, count, seed):
        key = count, seed
        if key not in self.orders:
            self.orders[key] = torch.from_numpy(numpy.random.RandomState(seed).permutation(count))
        return self.orders[key]

    def conditioning(self, y):
        """Feature maps of each level, and numbers for the dense couplings."""
        levels = self.settings["levels"]
        maps, h = [], y
        for level in range(len(levels)):
            count = 2 if level < 2 else 1
            for place in range(count):
                if level or place:
                    h = F.leaky_relu(h, 0.01)
                stride = 2 if level and place == count - 1 else 1
                h = self.layer(h, f"condition.level.{level}.conv.{place}", stride=stride)
            maps.append(h)
        h = F.avg_pool2d(F.leaky_relu(h, 0.01), self.settings["dense"]["pooling"])
        return maps, self.layer(h.permute(0, 2, 3, 1).flatten(1), "condition.dense")

    def __call__(self, x, y):
        """z, and log|det dz/dx| of each sample."""
        maps, numbers = self.conditioning(y)
        h, total, parts = x, 0, []
        for index, level in enumerate(self.settings["levels"]):
            if index:
                batch, channels, height, width = h.shape
                h = h.view(batch, channels, height // 2, 2, width // 2, 2).permute(0, 3, 5, 1, 2, 4)
                h = h.reshape(batch, 4 * channels, height // 2, width // 2)
            for block in range(level["blocks"]):
                seed = block if level["permutes"] else None
                h, own = self.coupling(h, maps[index], f"level.{index}.block.{block}", level["clamp"], seed)
                total = total + own
            continuing = level["continuing"]
            if continuing < h.shape[1]:
                parts.append(h[:, continuing:].permute(0, 2, 3, 1).flatten(1))
                h = h[:, :continuing]
        h = h.permute(0, 2, 3, 1).flatten(1)
        dense = self.settings["dense"]
        for block in range(dense["blocks"]):
            h, own = self.coupling(h, numbers, f"dense.block.{block}", dense["clamp"], block)
            total = total + own
        return torch.cat(parts + [h], 1), total


def convolutional_flow_training(settings, arrays):
    """The mean of half the square of z less the log-determinant, for each number."""
    parameters = parameters_of(arrays)
    flow = Flow(settings, parameters)
    side, channels = settings["side"], settings["channels"]

    def images(name):
        pixels = torch.from_numpy(arrays["input." + name]).view(-1, side, side, channels)
        return pixels.permute(0, 3, 1, 2).contiguous()

    x, y = images("x"), images("y")

    def loss():
        z, determinant = flow(x, y)
        return (0.5 * z.square().sum() - determinant.sum()) / z.numel()

    return Training(settings, parameters, loss)
