"""The benchmark's rows in JAX, on processors."""

import os

from peer_protocol import absent, serve, thread_count

THREADS = thread_count()
os.environ["JAX_PLATFORMS"] = "cpu"
# How XLA learns how many threads it may have.
os.environ["NPROC"] = str(THREADS)

try:
    import jax
    import safetensors  # noqa: F401
except ImportError as error:
    absent(error)

from jax_closed_forms import EmpiricalModes, GaussianPosterior  # noqa: E402
from jax_flow import FlowSampling, flow_training  # noqa: E402
from jax_layers import convolution_layer, dense_layer  # noqa: E402
from jax_stencil import stencil_training  # noqa: E402
from jax_unet import unet_training  # noqa: E402

serve(
    "JAX " + jax.__version__,
    THREADS,
    {
        "flow-training": flow_training,
        "flow-sampling": FlowSampling,
        "unet-training": unet_training,
        "stencil-training": stencil_training,
        "dense-layer": dense_layer,
        "convolution-layer": convolution_layer,
        "gaussian-posterior": GaussianPosterior,
        "eof": EmpiricalModes,
    },
)
