"""The conditional RealNVP in PyTorch, in the direction of training by samples: z to x."""

import torch
import torch.nn.functional as F
from coupling_order import orders_before
from plain_form import joined, separated
from torch_training import Training, parameters_of


class Reorder(torch.autograd.Function):
    """Columns in another order. PyTorch's own gradient of a selection adds column by column, many times slower."""

    @staticmethod
    def forward(context, x, order, inverse):
        context.inverse = inverse
        return x.index_select(1, order)

    @staticmethod
    def backward(context, gradient):
        return gradient.index_select(1, context.inverse), None, None


class Flow:
    """The flow over the parameters of Sextant, under their names, or over those of the plain form."""

    def __init__(self, settings, parameters):
        self.settings = settings
        self.parameters = parameters
        orders = orders_before(settings["dimension"], settings["steps"], settings["restoresOrder"])
        self.orders = [
            None if order is None else (torch.from_numpy(order.copy()), torch.from_numpy(order).argsort())
            for order in orders
        ]
        self.paths = [f"step.{step + 1}.coupling.{half + 1}" for step in range(settings["steps"]) for half in range(2)]

    def hidden(self, x, path, training):
        p, settings = self.parameters, self.settings
        x = F.leaky_relu(x, settings["negativeSlope"])
        if not settings["normalisesBatches"]:
            return x
        path += ".normalisation"
        return F.batch_norm(
            x, p[path + ".running_mean"], p[path + ".running_variance"], p[path + ".gain"], p[path + ".bias"],
            training, 1 - settings["batchMomentum"], settings["batchEpsilon"])

    def __call__(self, z, y, training):
        """x and log|det dx/dz| of each row."""
        p, settings = self.parameters, self.settings
        dimension = settings["dimension"]
        read_count = dimension // 2
        changed_count = dimension - read_count
        width = settings["hiddenWidth"]
        is_plain = settings["isPlain"]
        condition = F.linear(y, p["condition.weight"]) if "condition.weight" in p else None
        if is_plain:
            y = y.expand(len(z), -1)
        points, determinant = z, 0
        for index in reversed(range(len(self.paths))):
            path, order = self.paths[index], self.orders[index]
            points = points.flip(1) if order is None else Reorder.apply(points, *order)
            read, rest = points[:, :read_count], points[:, read_count:]
            entries = torch.cat([read, y], 1) if is_plain else read
            hidden = F.linear(entries, p[path + ".first.weight"], p[path + ".first.bias"])
            if condition is not None:
                hidden = hidden + condition[:, index * width : (index + 1) * width]
            hidden = self.hidden(hidden, path + ".first", training)
            hidden = F.linear(hidden, p[path + ".second.weight"], p[path + ".second.bias"])
            hidden = self.hidden(hidden, path + ".second", training)
            output = F.linear(hidden, p[path + ".output.weight"], p[path + ".output.bias"])
            output = output * torch.exp(settings["outputScaleFactor"] * p[path + ".output.log_scale"])
            bound = settings["logScaleBound"]
            log_scale = bound * torch.tanh(output[:, :changed_count] / bound)
            points = torch.cat([read, rest * torch.exp(-log_scale) - output[:, changed_count:]], 1)
            determinant = determinant - log_scale.sum(1)
            if path + ".shift" in p:
                log_scale = p[path + ".log_scale"]
                activation_bound = settings.get("activationLogScaleBound")
                if activation_bound is not None:
                    log_scale = activation_bound * torch.tanh(log_scale / activation_bound)
                points = points * torch.exp(log_scale) - p[path + ".shift"]
                determinant = determinant + dimension * log_scale
        return points, determinant


class PlainTraining(Training):
    """Gradients are compared under Sextant's names."""

    def __init__(self, settings, parameters, loss):
        super().__init__(settings, parameters, loss)
        self.settings = settings

    def check(self):
        return separated(self.settings, super().check())


def flow_training(settings, arrays):
    """fidelity - mean log|det|, with the fidelity of independent noise."""
    if settings["isPlain"]:
        arrays = joined(settings, arrays)
    parameters = parameters_of(arrays)
    flow = Flow(settings, parameters)
    z, y = (torch.from_numpy(arrays["input." + name]) for name in ("z", "y"))
    values = torch.from_numpy(arrays["input.values"])
    precision = settings["precision"]

    def loss():
        x, determinant = flow(z, y, True)
        return (0.5 * precision * (values - x).square().sum() - determinant.sum()) / len(z)

    return (PlainTraining if settings["isPlain"] else Training)(settings, parameters, loss)


class FlowSampling:
    """Samples x of one measurement."""

    def __init__(self, settings, arrays):
        if settings["isPlain"]:
            arrays = joined(settings, arrays)
        self.flow = Flow(settings, parameters_of(arrays, trained=False))
        self.z, self.y = (torch.from_numpy(arrays["input." + name]) for name in ("z", "y"))

    @torch.inference_mode()
    def sample(self):
        return self.flow(self.z, self.y, False)[0]

    def check(self):
        return {"samples": self.sample().numpy()}

    def run(self):
        self.sample()
