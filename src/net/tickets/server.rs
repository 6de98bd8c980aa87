//! The login server of the reference server: gives tickets for passwords, over HTTP.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::passport;
use crate::net::serve::{ServeError, TicketDesk};

/// How long a client may take with a request.
const WITHIN: Duration = Duration::from_secs(5);
/// No more clients at a time.
const MOST: usize = 256;
/// How long accepting pauses when the system has no more sockets.
const EXHAUSTED: Duration = Duration::from_millis(50);
/// Where tickets are given by Passport 1.4.
const LOGIN: &str = "/login";

type Answer = Response<Empty<bytes::Bytes>>;

/// The login server, while it runs. Dropping it ends it.
#[derive(Debug)]
pub struct LoginServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl LoginServer {
    /// Opens the port and gives tickets to accounts of this service.
    ///
    /// # Errors
    ///
    /// When the port cannot be had.
    pub async fn start(desk: TicketDesk, address: SocketAddr) -> Result<Self, ServeError> {
        let refused = |source| ServeError::Listen { address, source };
        let listener = crate::net::listen::listen(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let task = tokio::spawn(accept(desk, listener, address));
        Ok(Self { address, task })
    }

    /// Where clients have their tickets, by Passport 1.4.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{LOGIN}", self.address)
    }
}

impl Drop for LoginServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(desk: TicketDesk, listener: TcpListener, address: SocketAddr) {
    let room = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(EXHAUSTED).await;
            continue;
        };
        // Whoever finds no room is closed at once.
        if let Ok(place) = Arc::clone(&room).try_acquire_owned() {
            let desk = desk.clone();
            tokio::spawn(async move {
                serve(desk, stream, address).await;
                drop(place);
            });
        }
    }
}

async fn serve(desk: TicketDesk, stream: TcpStream, address: SocketAddr) {
    let answer = service_fn(|request: Request<Incoming>| {
        let answer = answer(&desk, &request, address);
        async move { Ok::<_, Infallible>(answer) }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WITHIN)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer);
    // What goes wrong with one client is that client's affair.
    let _ended = tokio::time::timeout(WITHIN * 2, serving).await;
}

fn answer(desk: &TicketDesk, request: &Request<Incoming>, address: SocketAddr) -> Answer {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    match request.uri().path() {
        "/rdr/pprdr.asp" => {
            let urls = format!("DARealm=Passport.Net,DALogin={address}{LOGIN},ConfigVersion=15");
            reply(StatusCode::OK, "PassportURLs", &urls)
        }
        LOGIN => {
            let asked = header(AUTHORIZATION.as_str()).and_then(passport::account);
            match asked.and_then(|(handle, password)| desk.ticket(&handle, &password)) {
                Some(ticket) => {
                    let info = passport::success(&ticket);
                    reply(StatusCode::OK, "Authentication-Info", &info)
                }
                None => reply(
                    StatusCode::UNAUTHORIZED,
                    "WWW-Authenticate",
                    "Passport1.4 da-status=failed,srealm=Passport.NET",
                ),
            }
        }
        "/NotRST.srf" => {
            let asked = header("x-user").zip(header("x-password"));
            match asked.and_then(|(handle, password)| desk.ticket(handle, password)) {
                Some(ticket) => reply(StatusCode::OK, "X-Token", &ticket),
                None => reply(StatusCode::FORBIDDEN, "X-Error", "no such user or password"),
            }
        }
        _ => reply(StatusCode::NOT_FOUND, "X-Error", "no such page"),
    }
}

fn reply(status: StatusCode, name: &str, value: &str) -> Answer {
    let answer = Response::builder().status(status).header(name, value);
    answer.body(Empty::new()).unwrap_or_default()
}
