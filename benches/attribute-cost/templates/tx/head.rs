use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::idempotent; //@ attribute
use idem_core::tx::SqliteTx; //@ attribute
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::shop::Shop;
