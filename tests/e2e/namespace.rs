//! A network of the test's own, so that what listens on every address is reached by nobody else.

use std::io;

/// Moves this thread, and the programs that it starts from now on, into a new network that has loopback alone.
/// False, saying so, where that is not allowed: the test has to be skipped.
pub(crate) fn enter() -> bool {
    match separate().and_then(|()| raise_loopback()) {
        Ok(()) => true,
        Err(error) => {
            eprintln!("skipped: a network namespace of its own needs root here ({error})");
            false
        }
    }
}

fn separate() -> io::Result<()> {
    // SAFETY: changes the network of this thread alone; no memory is shared with the kernel.
    match unsafe { libc::unshare(libc::CLONE_NEWNET) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A new network's loopback device is down (netdevice(7)).
fn raise_loopback() -> io::Result<()> {
    // SAFETY: plain system calls; `request` outlives the call that reads it, and the socket is closed after it.
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if socket < 0 {
            return Err(io::Error::last_os_error());
        }
        let mut request: libc::ifreq = std::mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
            *to = libc::c_char::from_ne_bytes([*from]);
        }
        request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        let done = libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request);
        let error = io::Error::last_os_error();
        libc::close(socket);
        if done == 0 { Ok(()) } else { Err(error) }
    }
}
