// The U-Nets along the array of vertices as noise networks: the one-dimensional DDPM of Mammadov, Chung and Ye (2024),
// and lucidrains' Unet1D.

import SextantNetworks

extension SixLevelUNet: NoiseNetwork {}

extension UNet1D: NoiseNetwork {}
