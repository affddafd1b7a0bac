// The U-Nets of the literature as noise networks: that of DDPM, on pixels or along the array of vertices (Mammadov, Chung and Ye
// 2024), NCSN++, and lucidrains' Unet1D.

import SextantNetworks

extension DDPMUNet: NoiseNetwork {}

extension NCSNPlusPlus: NoiseNetwork {}

extension UNet1D: NoiseNetwork {}
