//! Opens ports.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// How many clients may wait until they are accepted; the system may allow fewer. With the usual 128, of
/// 2,000 that come at once most wait for seconds.
const WAITING: u32 = 4096;

/// Listens at an address.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A port whose last connections are not quite over is free; elsewhere it would be shared.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_may_come_at_once() {
        const MANY: usize = 600;
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap();
        // Nobody is accepted meanwhile: all of them wait.
        let come = async {
            let mut all = Vec::new();
            for _ in 0..MANY {
                all.push(tokio::net::TcpStream::connect(address).await.unwrap());
            }
            all
        };
        let limit = std::time::Duration::from_secs(20);
        let all = tokio::time::timeout(limit, come)
            .await
            .expect("nobody is turned away");
        assert_eq!(all.len(), MANY);
    }
}
