//! A server with an allocator of its own: musl's is slow when many threads ask at once.

use tiny_http::{Response, Server};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".into());
    let server = Server::http(format!("0.0.0.0:{port}"))?;
    println!("listening on {}", server.server_addr());
    for request in server.incoming_requests() {
        let body = serde_json::to_string(&shared::machine())?;
        // A client that hangs up is no reason to stop.
        let _ = request.respond(Response::from_string(body));
    }
    Ok(())
}
