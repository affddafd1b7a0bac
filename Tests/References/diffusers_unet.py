"""A tiny UNet2DModel of diffusers: its weights as safetensors, and its output for two small images, for SextantNetworksTests.

    pip install torch diffusers safetensors
    python diffusers_unet.py ../SextantNetworksTests/Fixtures

The script shows how weights that were trained with diffusers come to Sextant: `safetensors.torch.save_file(model.state_dict(), PATH)`.
"""

import json
import sys

import torch
from diffusers import UNet2DModel
from safetensors.torch import save_file

torch.manual_seed(1)
model = UNet2DModel(
    in_channels=2,
    out_channels=2,
    block_out_channels=(8, 16),
    layers_per_block=1,
    down_block_types=("DownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    attention_head_dim=None,
    norm_num_groups=2,
    norm_eps=1e-6,
    downsample_padding=0,
    flip_sin_to_cos=False,
    freq_shift=1,
    mid_block_scale_factor=1,
).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_((0.2 * torch.randn(parameter.shape) + (1 if parameter.dim() == 1 else 0)).float())
x = torch.randn(2, 2, 8, 12)
steps = torch.tensor([50.0, 700.0])
with torch.no_grad():
    output = model.double()(x.double(), steps.double()).sample
folder = sys.argv[1]
save_file({name: tensor.float().contiguous() for name, tensor in model.state_dict().items()}, f"{folder}/small_diffusers.safetensors")
# Channels last, as in Sextant.
numbers = {
    "rows": 8,
    "columns": 12,
    "x": x.permute(0, 2, 3, 1).flatten().tolist(),
    "times": (steps / 999).double().tolist(),
    "output": output.permute(0, 2, 3, 1).flatten().tolist(),
}
with open(f"{folder}/small_diffusers.json", "w") as file:
    json.dump(numbers, file)
