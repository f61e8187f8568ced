//! A service, as a user would write it.
#![allow(dead_code, unused_imports)]

mod api;
mod error;
mod shop;

use idem_core::store::sqlite::SqliteStore; //@ idem
use idem_core::{Idem, Scope}; //@ idem

use crate::shop::Shop;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = sqlx::SqlitePool::connect("sqlite:shop.db").await?; //@ tx
    let store = SqliteStore::open("idem.db").await?; //@ idem-axum
    let store = SqliteStore::builder("shop.db").pool(&pool).open().await?; //@ idem-tx
    let idem = Idem::builder(store).scope(Scope::header("x-account")).build(); //@ idem
    let shop = Shop::new(
        pool, //@ tx
    );
    let app = api::routes();
    let app = app.layer(idem.layer()); //@ idem
    let app = app.with_state(shop);
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}
