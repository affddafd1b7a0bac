"""A small U-Net for digits of 28x28 pixels, of the widths of Sextant's `flow` network on the same digits (32, 64, 96).

Two blocks at each of three resolutions, additive skip connections, group normalisation and SiLU. With `levels=True` the
noise level enters each block as a bias. The last layer starts at zero.
"""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, inputs, outputs, embedding):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.first_norm, self.second_norm = nn.GroupNorm(8, outputs), nn.GroupNorm(8, outputs)
        self.bias = nn.Linear(embedding, outputs) if embedding else None
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, level):
        y = self.first_norm(self.first(x))
        if self.bias is not None:
            y = y + self.bias(level)[:, :, None, None]
        y = self.second_norm(self.second(F.silu(y)))
        return F.silu(y + self.skip(x))


class UNet(nn.Module):
    def __init__(self, outputs=1, widths=(32, 64, 96), levels=False):
        super().__init__()
        embedding = 64 if levels else 0
        self.embedding = nn.Sequential(nn.Linear(16, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU()) if levels else None
        self.down = nn.ModuleList(Block(i, o, embedding) for i, o in zip((1, *widths), widths))
        self.across = nn.ModuleList(nn.Conv2d(i, o, 1) for i, o in zip(widths[1:], widths))
        self.up = nn.ModuleList(Block(width, width, embedding) for width in widths[:-1])
        self.last = nn.Conv2d(widths[0], outputs, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.to(memory_format=torch.channels_last)  # a third faster on processors

    def forward(self, x, level=None):
        """`level` is a number for each image, of the order of one: the logarithm of the noise."""
        if self.embedding is not None:
            angles = level.flatten()[:, None] * 2.0 ** torch.arange(-2, 6)
            level = self.embedding(torch.cat([angles.sin(), angles.cos()], 1))
        x = x.contiguous(memory_format=torch.channels_last)
        kept = []
        for i, block in enumerate(self.down):
            x = block(F.avg_pool2d(x, 2) if i else x, level)
            kept.append(x)
        for i in reversed(range(len(self.up))):
            x = kept[i] + F.interpolate(self.across[i](x), scale_factor=2)
            x = self.up[i](x, level)
        return self.last(x).contiguous()
