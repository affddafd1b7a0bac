"""The one-dimensional U-Net of lucidrains in PyTorch, as a score network is trained: channels first, as PyTorch's one-
dimensional convolutions have them."""

import math

import torch
import torch.nn.functional as F
from torch_training import Training, parameters_of


class UNet:
    """The network over the parameters of Sextant, under their names."""

    def __init__(self, settings, parameters):
        self.settings = settings
        self.p = parameters

    def convolution(self, x, path, stride=1):
        weight = self.p[path + ".weight"]
        return F.conv1d(x, weight, self.p[path + ".bias"], stride, (weight.shape[2] - 1) // 2)

    def pointwise(self, x, path):
        return F.conv1d(x, self.p[path + ".weight"][:, :, None], self.p.get(path + ".bias"))

    def normalisation(self, x, path):
        gain = self.p[path + ".weight"]
        return F.normalize(x, dim=1) * (gain * math.sqrt(len(gain)))[:, None]

    def block(self, x, time, path):
        scale, shift = F.linear(time, self.p[path + ".time.weight"], self.p[path + ".time.bias"])[:, :, None].chunk(2, 1)
        h = self.normalisation(self.convolution(x, path + ".conv.0"), path + ".norm.0")
        h = self.convolution(F.silu(h * (scale + 1) + shift), path + ".conv.1")
        h = F.silu(self.normalisation(h, path + ".norm.1"))
        return h + (self.pointwise(x, path + ".shortcut") if path + ".shortcut.weight" in self.p else x)

    def attention(self, x, path):
        heads, width = self.settings["heads"], self.settings["headWidth"]
        batch, _, count = x.shape
        joint = self.pointwise(self.normalisation(x, path + ".before"), path + ".attention.to_qkv")
        # Each B x heads x width x V.
        q, k, v = joint.view(batch, 3, heads, width, count).unbind(1)
        if path + ".after.weight" in self.p:
            summary = k.softmax(-1) @ v.transpose(2, 3)
            h = summary.transpose(2, 3) @ (q.softmax(2) / math.sqrt(width))
        else:
            q, k, v = (part.transpose(2, 3) for part in (q, k, v))
            h = F.scaled_dot_product_attention(q, k, v).transpose(2, 3)
        h = self.pointwise(h.reshape(batch, heads * width, count), path + ".attention.to_out")
        if path + ".after.weight" in self.p:
            h = self.normalisation(h, path + ".after")
        return x + h

    def embedding(self, times):
        half = self.settings["width"] // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float64) / (half - 1))
        angles = times.double()[:, None] * 1000 * frequencies
        waves = torch.cat([angles.sin(), angles.cos()], 1).float()
        hidden = F.gelu(F.linear(waves, self.p["time.hidden.weight"], self.p["time.hidden.bias"]))
        return F.linear(hidden, self.p["time.last.weight"], self.p["time.last.bias"])

    def __call__(self, x, times):
        """B x C x V to B x C x V; V divides by 2 as often as there are levels to step down to."""
        levels = len(self.settings["multipliers"])
        time = F.silu(self.embedding(times))
        h = start = self.convolution(x, "first")
        skips = []
        for level in range(levels):
            path = f"down.{level}"
            h = self.block(h, time, path + ".block.0")
            skips.append(h)
            h = self.attention(self.block(h, time, path + ".block.1"), path + ".attention")
            skips.append(h)
            last = level == levels - 1
            h = self.convolution(h, path + ".convolution") if last else self.convolution(h, path + ".downsample", 2)
        h = self.block(h, time, "middle.block.0")
        h = self.block(self.attention(h, "middle.attention"), time, "middle.block.1")
        for level in reversed(range(levels)):
            path = f"up.{level}"
            h = self.block(torch.cat([h, skips.pop()], 1), time, path + ".block.0")
            h = self.block(torch.cat([h, skips.pop()], 1), time, path + ".block.1")
            h = self.attention(h, path + ".attention")
            if level > 0:
                h = F.interpolate(h, scale_factor=2, mode="nearest")
            h = self.convolution(h, path + ".convolution")
        h = self.block(torch.cat([h, start], 1), time, "last_block")
        return self.pointwise(h, "last")


def unet_training(settings, arrays):
    """The mean squared error of the predicted noise."""
    parameters = parameters_of(arrays)
    network = UNet(settings, parameters)
    x, noise = (torch.from_numpy(arrays["input." + name]).transpose(1, 2).contiguous() for name in ("x", "noise"))
    times = torch.from_numpy(arrays["input.times"])
    return Training(settings, parameters, lambda: F.mse_loss(network(x, times), noise))
