"""Owns what FFmpeg may open: formats that hold pictures themselves, and the way to a network camera.

Some formats only name other files (playlists, lists of pictures, descriptions of sessions). FFmpeg would open those,
wherever they lie, whatever a file's name is and whatever stands before the list: so only formats of the other kind are
allowed, by their names, and from files no way to anything else.
"""

from __future__ import annotations

from typing import Final

_VIDEOS: Final = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,asf_o,ogg,rm,mxf,gxf,h264,hevc,vvc,m4v,h261,h263,obu,"
    "av1,ivf,vc1,vc1test,cavsvideo,avs2,avs3,dirac,evc,mjpeg,mjpeg_2000,mpjpeg,smjpeg,nut,yuv4mpegpipe,dv,gif,"
    "apng,swf,wtv,nsv,nuv,lxf,pva,rpl,roq,smk,bink,flic,film_cpk,idcin,4xm,ea,mv,thp,vmd,wc3movie,wsvqa,xmv,yop,"
    "bethsoftvid,cine,dsicin,dxa,mm,mtv,paf,rl2,sdr2,siff,sol,tmv,txd,tiertexseq,filmstrip,ifv,hnm,ipmovie,lmlm4,"
    "cdxl,c93,anm,jv,mvi,psxstr,r3d,segafilm,viv,kux,moflex,mods,argo_brp,jpegxl_anim,webp_anim"
)
_PROTOCOLS: Final = {
    "rtsp": "rtsp,tcp,udp,rtp,srtp",
    "rtsps": "rtsp,rtsps,tls,tcp,udp,rtp,srtp",
    "rtmp": "rtmp,tcp",
    "udp": "udp",
    "rtp": "rtp,udp,srtp",
    "tcp": "tcp",
    "srt": "srt,libsrt,udp",
}
_SESSIONS: Final = "rtsp,rtp,sdp,rdt,"

BYTES_OPTIONS: Final = f"format_whitelist;{_VIDEOS}|protocol_whitelist;none"
"""For what is read by ourselves; a format that wanted to open anything else finds no way."""
# Otherwise all of a list would be read for the table of contents that its segments do not have in common.
SEGMENTS_OPTIONS: Final = f"fflags;ignidx|{BYTES_OPTIONS}"
"""For the segments of a list, joined to one row."""
FILE_OPTIONS: Final = f"format_whitelist;{_VIDEOS}|protocol_whitelist;file"


def stream_options(scheme: str) -> str:
    """Return the options for a stream that FFmpeg connects to."""
    protocols = _PROTOCOLS.get(scheme, scheme)
    sessions = _SESSIONS if scheme in ("rtsp", "rtsps", "rtp") else ""
    return "|".join(
        (
            "rtsp_flags;prefer_tcp",
            # Cameras may say how large their pictures are only with a key frame, which may be some time away.
            "analyzeduration;30000000",
            # To learn the rate and the order of times it would wait for many frames, which is a minute with some.
            "fpsprobesize;0",
            "max_ts_probe;0",
            f"format_whitelist;{sessions}{_VIDEOS}",
            f"protocol_whitelist;{protocols}",
        )
    )


def list_options() -> str:
    """Return the options for an encrypted list on a web server, the only one that FFmpeg fetches itself."""
    return "|".join(
        (
            f"format_whitelist;hls,{_VIDEOS}",
            "protocol_whitelist;http,https,httpproxy,tcp,tls,crypto",
        )
    )
