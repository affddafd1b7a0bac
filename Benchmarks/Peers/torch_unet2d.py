"""The U-Net of DDPM on the pixels of images in PyTorch: channels first."""

import math

import torch
import torch.nn.functional as F
from torch_training import Training, parameters_of


class UNet:
    """The network over the parameters of Sextant, under their names."""

    def __init__(self, settings, parameters):
        self.settings = settings
        self.p = parameters

    def kernel(self, path):
        """O x I x 3 x 3."""
        weight = self.p[path + ".weight"]
        return weight.view(*weight.shape[:2], 3, 3)

    def convolution(self, x, path, **how):
        return F.conv2d(x, self.kernel(path), self.p[path + ".bias"], **(how or {"padding": 1}))

    def pointwise(self, x, path):
        return F.conv2d(x, self.p[path + ".weight"][:, :, None, None], self.p[path + ".bias"])

    def dense(self, x, path):
        return F.linear(x, self.p[path + ".weight"], self.p[path + ".bias"])

    def normalisation(self, x, path):
        groups = min(self.settings["groups"], max(1, x.shape[1] // 4))
        return F.group_norm(x, groups, self.p[path + ".weight"], self.p[path + ".bias"], 1e-6)

    def block(self, x, time, path):
        h = self.convolution(F.silu(self.normalisation(x, path + ".norm.0")), path + ".conv.0")
        h = h + self.dense(time, path + ".time")[:, :, None, None]
        h = self.convolution(F.silu(self.normalisation(h, path + ".norm.1")), path + ".conv.1")
        return h + (self.pointwise(x, path + ".shortcut") if path + ".shortcut.weight" in self.p else x)

    def attention(self, x, path):
        batch, channels, height, width = x.shape
        h = self.pointwise(self.normalisation(x, path + ".norm"), path + ".attention.to_qkv")
        # Each B x 1 head x pixels x channels.
        q, k, v = h.view(batch, 3, 1, channels, height * width).transpose(3, 4).unbind(1)
        h = F.scaled_dot_product_attention(q, k, v).transpose(2, 3).reshape(batch, channels, height, width)
        return x + self.pointwise(h, path + ".attention.to_out")

    def embedding(self, times):
        half = self.settings["widths"][0] // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float64) / (half - 1))
        angles = times.double()[:, None] * 999 * frequencies
        waves = torch.cat([angles.sin(), angles.cos()], 1).float()
        return self.dense(F.silu(self.dense(waves, "time.hidden")), "time.last")

    def __call__(self, x, times):
        """B x C x rows x columns, which divide by 2 as often as there are levels to step down to."""
        levels, blocks = len(self.settings["widths"]), self.settings["blocks"]
        attended = self.settings["attentionLevels"]
        time = F.silu(self.embedding(times))
        h = self.convolution(x, "first")
        skips = [h]
        for level in range(levels):
            for block in range(blocks):
                h = self.block(h, time, f"down.{level}.block.{block}")
                if level in attended:
                    h = self.attention(h, f"down.{level}.attention.{block}")
                skips.append(h)
            if level < levels - 1:
                h = self.convolution(F.pad(h, (0, 1, 0, 1)), f"down.{level}.downsample", stride=2)
                skips.append(h)
        h = self.attention(self.block(h, time, "middle.block.0"), "middle.attention")
        h = self.block(h, time, "middle.block.1")
        for level in reversed(range(levels)):
            for block in range(blocks + 1):
                h = self.block(torch.cat([h, skips.pop()], 1), time, f"up.{level}.block.{block}")
                if level in attended:
                    h = self.attention(h, f"up.{level}.attention.{block}")
            if level > 0:
                h = self.convolution(F.interpolate(h, scale_factor=2, mode="nearest"), f"up.{level}.upsample")
        return self.convolution(F.silu(self.normalisation(h, "last_norm")), "last")


def images(array):
    """B x V x C as B x C x rows x columns of square images."""
    side = math.isqrt(array.shape[1])
    return torch.from_numpy(array).transpose(1, 2).reshape(len(array), -1, side, side).contiguous()


def unet2d_training(settings, arrays):
    """The mean squared error of the predicted noise."""
    parameters = parameters_of(arrays)
    network = UNet(settings, parameters)
    x, noise = images(arrays["input.x"]), images(arrays["input.noise"])
    times = torch.from_numpy(arrays["input.times"])
    return Training(settings, parameters, lambda: F.mse_loss(network(x, times), noise))


class UNet2DSampling:
    """A step of a sampler."""

    def __init__(self, settings, arrays):
        self.network = UNet(settings, parameters_of(arrays, trained=False))
        self.x, self.w = images(arrays["input.x"]), images(arrays["input.w"])
        self.times = torch.from_numpy(arrays["input.times"])

    @torch.inference_mode()
    def step(self):
        return self.x * 1.01 - self.network(self.x, self.times) * 0.05 + self.w * 0.1

    def check(self):
        return {"samples": self.step().flatten(2).transpose(1, 2).numpy()}

    def run(self):
        self.step()
