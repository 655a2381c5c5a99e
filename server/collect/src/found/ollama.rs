//! Ollama has no metrics: which models it has loaded is asked (`/api/ps`).

use std::net::SocketAddr;

use serde::Deserialize;
use wire::exposition::Page;

use crate::rows::Rows;

/// What `/api/ps` answers.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Ollama {
    #[serde(default)]
    models: Vec<Model>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Model {
    #[serde(default)]
    name: String,
    #[serde(default)]
    size: f64,
    #[serde(default)]
    size_vram: f64,
    #[serde(default)]
    context_length: Option<f64>,
    #[serde(default)]
    expires_at: String,
    #[serde(default)]
    details: Details,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Details {
    #[serde(default)]
    family: String,
    #[serde(default)]
    parameter_size: String,
    #[serde(default)]
    quantization_level: String,
}

impl Ollama {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// It is not what Ollama answers.
    pub fn read(body: &str) -> Result<Ollama, String> {
        serde_json::from_str(body).map_err(|e| e.to_string())
    }

    /// Writes the models that each Ollama has loaded.
    pub fn write_all<'a>(all: impl IntoIterator<Item = (SocketAddr, &'a Ollama)>, page: &mut Page) {
        let mut rows = Rows::default();
        for (address, ollama) in all {
            ollama.write(&address.to_string(), &mut rows);
        }
        rows.write(page);
    }

    fn write(&self, address: &str, rows: &mut Rows) {
        let help = "Models that are loaded.";
        rows.gauge("ollama_loaded_models", help, &[("address", address)], self.models.len() as f64);
        for model in &self.models {
            let labels = [("address", address), ("model", model.name.as_str())];
            rows.gauge("ollama_model_size_bytes", "Memory of a loaded model.", &labels, model.size);
            let help = "Memory of a loaded model on GPUs.";
            rows.gauge("ollama_model_vram_bytes", help, &labels, model.size_vram);
            if let Some(tokens) = model.context_length {
                rows.gauge("ollama_model_context_tokens", "Its context's length.", &labels, tokens);
            }
            if let Ok(time) = model.expires_at.parse::<jiff::Timestamp>() {
                let help = "When it is unloaded unless it is used, in seconds since 1970.";
                let seconds = time.as_millisecond() as f64 / 1e3;
                rows.gauge("ollama_model_expires_timestamp_seconds", help, &labels, seconds);
            }
            let Details { family, parameter_size, quantization_level } = &model.details;
            let labels = [
                ("address", address),
                ("model", &model.name),
                ("family", family),
                ("parameters", parameter_size),
                ("quantization", quantization_level),
            ];
            rows.gauge("ollama_model_info", "A loaded model; 1.", &labels, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaded_models() {
        let body = r#"{"models":[{"name":"qwen3:8b","model":"qwen3:8b","size":6654289920,"size_vram":6000000000,
            "details":{"family":"qwen3","parameter_size":"8.2B","quantization_level":"Q4_K_M"},
            "expires_at":"2026-01-01T00:00:10Z","context_length":4096}]}"#;
        let mut page = Page::default();
        let ollama = Ollama::read(body).unwrap();
        Ollama::write_all([("127.0.0.1:11434".parse().unwrap(), &ollama)], &mut page);
        let lines: Vec<&str> = page.as_str().lines().filter(|line| !line.starts_with('#')).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        ollama_loaded_models{address="127.0.0.1:11434"} 1
        ollama_model_size_bytes{address="127.0.0.1:11434",model="qwen3:8b"} 6654289920
        ollama_model_vram_bytes{address="127.0.0.1:11434",model="qwen3:8b"} 6000000000
        ollama_model_context_tokens{address="127.0.0.1:11434",model="qwen3:8b"} 4096
        ollama_model_expires_timestamp_seconds{address="127.0.0.1:11434",model="qwen3:8b"} 1767225610
        ollama_model_info{address="127.0.0.1:11434",model="qwen3:8b",family="qwen3",parameters="8.2B",quantization="Q4_K_M"} 1
        "#);
        assert!(Ollama::read("<html>").is_err());
    }
}
