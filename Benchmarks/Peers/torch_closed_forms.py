"""Closed forms in PyTorch: a dense Gaussian posterior and empirical modes, in single precision except for factorisations."""

import torch


class GaussianPosterior:
    def __init__(self, settings, arrays):
        self.states = torch.tensor(settings["states"])
        self.arrays = {name.removeprefix("input."): torch.from_numpy(array) for name, array in arrays.items()}

    @torch.inference_mode()
    def evaluate(self):
        a, states = self.arrays, self.states
        observed = a["covariance"].index_select(0, states)
        innovation = observed.index_select(1, states).double()
        innovation.diagonal().add_(a["variances"])
        factor = torch.linalg.cholesky(innovation)
        weights = torch.cholesky_solve(a["anomalies"].double()[:, None], factor)
        draws = a["white"] @ torch.linalg.cholesky(a["covariance"]).T
        misfit = a["anomalies"] - draws.index_select(1, states) - a["variances"].sqrt() * a["noise"]
        corrections = torch.cholesky_solve(misfit.T.double(), factor).float()
        return {"mean": weights[:, 0].float() @ observed, "samples": torch.addmm(draws, corrections.T, observed)}

    def check(self):
        return {name: tensor.numpy() for name, tensor in self.evaluate().items()}

    def run(self):
        self.evaluate()


class EmpiricalModes:
    def __init__(self, settings, arrays):
        self.count = settings["modes"]
        self.anomalies = torch.from_numpy(arrays["input.anomalies"])

    @torch.inference_mode()
    def evaluate(self):
        scaled = self.anomalies * len(self.anomalies) ** -0.5
        precise = scaled.double()
        values, vectors = torch.linalg.eigh(precise @ precise.T)
        values, vectors = values[-self.count :].flip(0), vectors[:, -self.count :].flip(1)
        modes = vectors.T.float() @ scaled
        residual = scaled.square().sum(0) - modes.square().sum(0)
        return values.sqrt().float(), residual, modes

    def check(self):
        deviations, residual, modes = self.evaluate()
        return {"deviations": deviations.numpy(), "residual": residual.numpy(), "squares": modes.square().numpy()}

    def run(self):
        self.evaluate()
