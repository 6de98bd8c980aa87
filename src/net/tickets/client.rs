//! Asks a login server for a ticket, over HTTP.

use std::net::SocketAddr;

use http_body_util::Empty;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, LOCATION};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::passport;
use crate::engine::{TicketError, TicketRequest};
use crate::target::is_loopback;

/// How often an answer may send the client elsewhere.
const MOST_REFERRALS: usize = 4;

/// The header that says where the login server is.
const PASSPORT_URLS: &str = "passporturls";
/// The header with the ticket.
const AUTHENTICATION_INFO: &str = "authentication-info";

/// Passport 1.4: the account stands in the header of a GET, the ticket in one of the answer. An address
/// that only says where the login server is will do as well.
pub(super) async fn passport(
    url: &str,
    request: &TicketRequest,
    remote: bool,
) -> Result<String, TicketError> {
    let (handle, password, word) = (&request.handle, &request.password, &request.word);
    let header = passport::authorization(handle, password, word);
    let mut url = url.to_owned();
    for _ in 0..=MOST_REFERRALS {
        let given = ask(&url, Method::GET, &[(AUTHORIZATION, &header)], remote).await?;
        let text = |name: &str| text_of(given.headers(), name);
        let elsewhere = match given.status().as_u16() {
            200 => match text(AUTHENTICATION_INFO) {
                Some(info) => {
                    let ticket = passport::ticket(info);
                    return ticket.map(str::to_owned).ok_or(TicketError::NotThere);
                }
                None => text(PASSPORT_URLS).and_then(|urls| passport::value(urls, "DALogin")),
            },
            301 | 302 | 303 | 307 => text(LOCATION.as_str()),
            status => return Err(TicketError::Status(status)),
        };
        let elsewhere = elsewhere.ok_or(TicketError::NotThere)?;
        url = match elsewhere.contains("://") {
            true => elsewhere.to_owned(),
            false => format!("http://{elsewhere}"),
        };
    }
    Err(TicketError::NotThere)
}

/// `X-User` and `X-Password` in the header of a POST, `X-Token` in that of the answer.
pub(super) async fn header(
    url: &str,
    request: &TicketRequest,
    remote: bool,
) -> Result<String, TicketError> {
    let user = (HeaderName::from_static("x-user"), request.handle.as_str());
    let password = (
        HeaderName::from_static("x-password"),
        request.password.as_str(),
    );
    let given = ask(url, Method::POST, &[user, password], remote).await?;
    match given.status().as_u16() {
        200 => {
            let token = text_of(given.headers(), "x-token");
            token.map(str::to_owned).ok_or(TicketError::NotThere)
        }
        status => Err(TicketError::Status(status)),
    }
}

fn text_of<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// One request, without a body. The body of the answer is of no use.
async fn ask(
    url: &str,
    method: Method,
    headers: &[(HeaderName, &str)],
    remote: bool,
) -> Result<Response<hyper::body::Incoming>, TicketError> {
    let url: Uri = url.parse().map_err(|_| TicketError::Unreachable)?;
    let host = url.host().ok_or(TicketError::Unreachable)?;
    let stream = connect(host, url.port_u16().unwrap_or(80), remote).await?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let authority = url.authority().map_or(host, |authority| authority.as_str());
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, authority)
        .header("content-length", "0");
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Empty::<bytes::Bytes>::new());
    let request = request.map_err(|_| TicketError::Unreachable)?;
    let broken = |_| TicketError::NotThere;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(broken)?;
    let moving = tokio::spawn(connection);
    let given = sender.send_request(request).await.map_err(broken);
    moving.abort();
    given
}

async fn connect(host: &str, port: u16, remote: bool) -> Result<TcpStream, TicketError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let unreachable = |_| TicketError::Unreachable;
    if !remote && !is_loopback(bare) {
        return Err(TicketError::Remote);
    }
    let found = tokio::net::lookup_host((bare, port)).await;
    let found: Vec<SocketAddr> = found.map_err(unreachable)?.collect();
    let is_here = |address: &SocketAddr| remote || address.ip().to_canonical().is_loopback();
    let address = found.iter().copied().find(is_here);
    let address = address.ok_or(TicketError::Remote)?;
    TcpStream::connect(address).await.map_err(unreachable)
}
