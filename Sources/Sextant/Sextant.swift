// The umbrella: everything the command line uses, for people who write their own programs.
// It defines nothing itself.

@_exported import SextantArrays
@_exported import SextantAutodiff
@_exported import SextantConfiguration
@_exported import SextantDiffusion
@_exported import SextantEvaluation
@_exported import SextantFlows
@_exported import SextantGeometry
@_exported import SextantMeasurement
@_exported import SextantModels
@_exported import SextantNetworks
@_exported import SextantPipelines
@_exported import SextantPriors
@_exported import SextantReport
@_exported import SextantRuns
@_exported import SextantSignals
@_exported import SextantSolvers
@_exported import SextantSparse
@_exported import SextantStorage
@_exported import SextantTraining
