//! Lines as datagrams. Nobody knows whether they arrive.

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

/// What the log directory is told before a line that could not be sent.
pub(crate) const FAILED: &[u8] = b"warning: failure sending through udp: ";

/// Sends datagrams from a port of its own.
#[derive(Debug, Default)]
pub(crate) struct Sender(Option<UdpSocket>);

impl Sender {
    /// Sends one without waiting; `false`: it cannot be sent.
    pub(crate) fn send(&mut self, (address, port): ([u8; 4], u16), parts: &[&[u8]]) -> bool {
        if self.0.is_none() {
            self.0 = open();
        }
        let to = SocketAddrV4::new(Ipv4Addr::from(address), port);
        let message = parts.concat();
        // A datagram that was sent before may have come back as an error: it is not this one's.
        let send = || self.0.as_ref().is_some_and(|socket| socket.send_to(&message, to).is_ok());
        send() || send()
    }
}

fn open() -> Option<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.set_nonblocking(true).ok()?;
    Some(socket)
}
