use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::idempotent; //@ attribute
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::shop::Shop;
