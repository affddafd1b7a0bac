"""A simulated global film on 46×90 cells, 6-hourly, for the rows of docs/results.md: spherical harmonics of degree 1 to 30, each an
autoregression of order 1 that remembers for 40·l^-0.8 steps (2 at least). Writes glob-archive.nc (200 fields), glob-test.nc (480 steps)
and glob-60.nc (its first 60) into the working folder. Seed 5. Run: python3 scripts/global-series.py   (needs NumPy, SciPy, netCDF4)
"""
import netCDF4
import numpy as np
from scipy.special import sph_harm_y
rng=np.random.default_rng(5)
lat=np.arange(90,-91,-4.).astype(np.float32); lon=np.arange(0,360,4.).astype(np.float32)
th=np.deg2rad(90-lat)[:,None]; ph=np.deg2rad(lon)[None,:]
B=[];S=[];L=[]
for l in range(1,31):
    for m in range(-l,l+1):
        y=sph_harm_y(l,abs(m),th,ph); f=(y.real if m>=0 else y.imag)*(np.sqrt(2) if m else 1)*np.sqrt(4*np.pi)
        B.append(f.ravel()); S.append((1+(l/5)**2)**-1.35); L.append(l)
B=np.array(B,np.float32); S=np.array(S); L=np.array(L)
S*=6/np.sqrt((S**2).sum())
tau=np.maximum(2.0,40*(L/1.0)**-0.8)   # in steps of 6 h
T=480+1200
c=rng.normal(size=len(S))*S; a=np.exp(-1/tau); out=np.empty((T,4140),np.float32)
base=(285-45*np.cos(th)**2+0*ph)
for t in range(T):
    out[t]=c@B; c=a*c+np.sqrt(1-a*a)*S*rng.normal(size=len(S))
w=(0.6+0.6*np.abs(np.cos(th))+0*ph).ravel()
x=out*w+base.ravel()
def write(p,sl):
    d=netCDF4.Dataset(p,'w')
    n=len(range(T)[sl])
    for k,v,u in (('time',np.arange(T)[sl]*6.,'hours since 2010-01-01'),('latitude',lat,'degrees_north'),('longitude',lon,'degrees_east')):
        d.createDimension(k,len(v)); q=d.createVariable(k,'f8' if k=='time' else 'f4',(k,)); q[:]=v; q.units=u; q.standard_name=k
    q=d.createVariable('t','f4',('time','latitude','longitude')); q.units='K'; q.standard_name='air_temperature'; q[:]=x[sl].reshape(n,46,90); d.close()
write('glob-archive.nc',slice(0,1200,6)); write('glob-test.nc',slice(1200,1680)); write('glob-60.nc',slice(1200,1260))
