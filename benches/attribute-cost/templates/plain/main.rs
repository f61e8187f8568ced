//! A worker, as a user would write it.
#![allow(dead_code, unused_imports)]

mod ctx;
mod jobs;

use idem_core::store::sqlite::SqliteStore; //@ idem
use idem_core::{Idem, Scope}; //@ idem

use crate::ctx::{Ctx, E};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = SqliteStore::open("idem.db").await?; //@ idem
    let idem = Idem::builder(store).scope(Scope::public()).build().erase(); //@ idem
    let ctx = Ctx::new(
        idem, //@ idem
    );
    let order = std::env::args().count() as u64;
    println!("{}", jobs::all(&ctx, order).await?);
    Ok(())
}
