"""Single layers in PyTorch: the result, and its gradients for a given gradient of the result."""

import torch
import torch.nn.functional as F


class Layer:
    """A layer of x, weight and bias."""

    def __init__(self, settings, arrays):
        self.inputs = {name: torch.from_numpy(arrays["input." + name]) for name in ("x", "weight", "bias")}
        self.seed = torch.from_numpy(arrays["input.seed"])
        self.arrange()
        for tensor in self.inputs.values():
            tensor.requires_grad_()

    def evaluate(self):
        output = self.apply(*self.inputs.values())
        gradients = torch.autograd.grad(output, list(self.inputs.values()), self.seed)
        return {"output": output.detach(), **dict(zip(self.inputs, gradients))}

    def run(self):
        self.evaluate()


class DenseLayer(Layer):
    def arrange(self):
        self.apply = F.linear

    def check(self):
        return {name: tensor.numpy() for name, tensor in self.evaluate().items()}


class ConvolutionLayer(Layer):
    """Channels first, as PyTorch's one-dimensional convolutions have them."""

    def arrange(self):
        for name in ("x", "weight"):
            self.inputs[name] = self.inputs[name].transpose(1, 2).contiguous()
        self.seed = self.seed.transpose(1, 2).contiguous()

    def apply(self, x, weight, bias):
        return F.conv1d(x, weight, bias, padding=weight.shape[2] // 2)

    def check(self):
        return {n: (t.transpose(1, 2) if t.ndim == 3 else t).numpy() for n, t in self.evaluate().items()}
