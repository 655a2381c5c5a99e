//! Programs that are known: how they are told by command, port and answer.

/// A kind of program that has metrics.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The job its series get: `vllm`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Words of its command line.
    commands: &'static [&'static str],
    /// Ports it is known to listen on.
    ports: &'static [u16],
    /// How its metrics begin.
    prefixes: &'static [&'static str],
    /// Where they are.
    pub path: &'static str,
}

const fn kind(
    (name, title): (&'static str, &'static str),
    commands: &'static [&'static str],
    ports: &'static [u16],
    prefixes: &'static [&'static str],
) -> Kind {
    Kind { name, title, commands, ports, prefixes, path: "/metrics" }
}

/// All kinds; the first that fits counts.
pub(crate) const KINDS: [Kind; 21] = [
    kind(("vllm", "vLLM"), &["vllm"], &[8000, 8001], &["vllm:"]),
    kind(("sglang", "SGLang"), &["sglang"], &[30000], &["sglang:"]),
    kind(("tgi", "Text Generation Inference"), &["text-generation-router"], &[3000, 8080], &["tgi_"]),
    kind(("tei", "Text Embeddings Inference"), &["text-embeddings-router"], &[8080, 3000], &["te_"]),
    kind(("triton", "Triton"), &["tritonserver"], &[8002], &["nv_inference_", "nv_gpu_"]),
    kind(("litellm", "LiteLLM"), &["litellm"], &[4000], &["litellm_"]),
    kind(("llama.cpp", "llama.cpp"), &["llama-server"], &[8080], &["llamacpp:"]),
    kind(("ray", "Ray"), &["raylet", "ray::"], &[8080, 44217, 44227], &["ray_"]),
    kind(("node_exporter", "node_exporter"), &["node_exporter", "node-exporter"], &[9100], &["node_"]),
    kind(("dcgm-exporter", "dcgm-exporter"), &["dcgm-exporter"], &[9400], &["DCGM_FI_"]),
    kind(("nvidia_gpu_exporter", "nvidia_gpu_exporter"), &["nvidia_gpu_exporter"], &[9835], &["nvidia_smi_"]),
    kind(("cadvisor", "cAdvisor"), &["cadvisor"], &[8080], &["container_", "cadvisor_"]),
    kind(("postgres_exporter", "postgres_exporter"), &["postgres_exporter"], &[9187], &["pg_"]),
    kind(("redis_exporter", "redis_exporter"), &["redis_exporter"], &[9121], &["redis_"]),
    kind(("mysqld_exporter", "mysqld_exporter"), &["mysqld_exporter"], &[9104], &["mysql_"]),
    kind(("nginx-exporter", "nginx exporter"), &["nginx-prometheus-exporter"], &[9113], &["nginx_"]),
    kind(("blackbox_exporter", "blackbox_exporter"), &["blackbox_exporter"], &[9115], &["blackbox_"]),
    kind(("process-exporter", "process-exporter"), &["process-exporter"], &[9256], &["namedprocess_"]),
    kind(
        ("slurm-exporter", "Slurm exporter"),
        &["slurm_exporter", "slurm-exporter"],
        &[8080, 9341],
        &["slurm_"],
    ),
    kind(("prometheus", "Prometheus"), &["prometheus"], &[9090], &["prometheus_"]),
    // It has no metrics of its own: what it has loaded is asked.
    Kind {
        name: "ollama",
        title: "Ollama",
        commands: &["ollama"],
        ports: &[11434],
        prefixes: &[],
        path: "/api/ps",
    },
];

impl Kind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// Whether a program that listens here may be of this kind: worth asking.
    pub(crate) fn may_be(&self, port: u16, command: &str) -> bool {
        self.ports.contains(&port) || self.is_command(command)
    }

    /// Whether a command line names this program: a word of it, or the last part of a path.
    pub(crate) fn is_command(&self, command: &str) -> bool {
        command.split_ascii_whitespace().take(8).any(|word| {
            let name = word.rsplit('/').next().unwrap_or(word);
            self.commands.iter().any(|known| name == *known || name.starts_with(&format!("{known}.")))
        })
    }

    /// Whether an answer is this program's: a line of it begins as its metrics do.
    pub(crate) fn is_answer(&self, body: &str) -> bool {
        let begins = |line: &str| {
            let name = line.strip_prefix("# TYPE ").unwrap_or(line);
            self.prefixes.iter().any(|prefix| name.starts_with(prefix))
        };
        match self.prefixes {
            [] => serde_json::from_str::<serde_json::Value>(body).is_ok_and(|v| v["models"].is_array()),
            _ => body.lines().any(begins),
        }
    }

    /// The kinds that an answer to `/metrics` may be of.
    pub(crate) fn of_answer(body: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| !kind.prefixes.is_empty() && kind.is_answer(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_by_command_and_answer() {
        let check = |command: &str, expect: &[&str]| {
            let found = KINDS.iter().filter(|kind| kind.is_command(command)).map(|kind| kind.name);
            assert_eq!(found.collect::<Vec<_>>(), expect, "{command}");
        };
        check("/usr/bin/python3 /opt/venv/bin/vllm serve Qwen/Qwen3-8B", &["vllm"]);
        check("python3 -m vllm.entrypoints.openai.api_server --model x", &["vllm"]);
        check("python -m sglang.launch_server", &["sglang"]);
        check("/usr/local/bin/ollama serve", &["ollama"]);
        check("vim /home/a/vllm-notes.txt", &[]);
        let answer = |body: &str, expect: Option<&str>| {
            assert_eq!(Kind::of_answer(body).map(|kind| kind.name), expect, "{body}");
        };
        answer("# HELP vllm:num_requests_running x\nvllm:num_requests_running 1\n", Some("vllm"));
        answer("python_info 1\n# TYPE sglang:num_running_reqs gauge\n", Some("sglang"));
        answer("DCGM_FI_DEV_GPU_UTIL{gpu=\"0\"} 1\n", Some("dcgm-exporter"));
        answer("go_goroutines 5\n", None);
        answer("<html></html>", None);
        assert!(Kind::named("ollama").unwrap().is_answer("{\"models\":[]}"));
        assert!(!Kind::named("ollama").unwrap().is_answer("{\"error\":1}"));
    }
}
