"""The benchmark's rows in PyTorch, on processors."""

from peer_protocol import absent, serve, thread_count

THREADS = thread_count()

try:
    import safetensors  # noqa: F401
    import torch
except ImportError as error:
    absent(error)

torch.set_num_threads(THREADS)

from torch_closed_forms import EmpiricalModes, GaussianPosterior  # noqa: E402
from torch_convolutional import convolutional_flow_training  # noqa: E402
from torch_flow import FlowSampling, flow_training  # noqa: E402
from torch_layers import ConvolutionLayer, DenseLayer  # noqa: E402
from torch_stencil import stencil_training  # noqa: E402
from torch_unet import unet_training  # noqa: E402
from torch_unet2d import UNet2DSampling, unet2d_training  # noqa: E402

serve(
    "PyTorch " + torch.__version__,
    THREADS,
    {
        "flow-training": flow_training,
        "flow-sampling": FlowSampling,
        "unet-training": unet_training,
        "unet2d-training": unet2d_training,
        "unet2d-sampling": UNet2DSampling,
        "convolutional-flow-training": convolutional_flow_training,
        "stencil-training": stencil_training,
        "dense-layer": DenseLayer,
        "convolution-layer": ConvolutionLayer,
        "gaussian-posterior": GaussianPosterior,
        "eof": EmpiricalModes,
    },
)
