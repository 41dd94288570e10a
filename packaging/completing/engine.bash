# The command line up to the cursor as the command will see it: bash cuts it at = and : as well.
_ct0_words() {
    local rest=${COMP_LINE:0:COMP_POINT} number word gap
    words=()
    for ((number = 0; number <= COMP_CWORD; number++)); do
        gap=${rest%%[! $'\t']*}
        rest=${rest#"$gap"}
        word=${COMP_WORDS[number]}
        # The last one ends at the cursor, not where the word ends.
        ((number < COMP_CWORD)) && rest=${rest#"$word"} || word=$rest
        if [[ -n $gap ]] || ((number == 0)); then
            words+=("$word")
        else
            words[${#words[@]} - 1]+=$word
        fi
    done
}

# CTIDs and names, asked for once in ten seconds. They are containers' own and not to be trusted:
# what is not of harmless characters is not offered.
_ct0_containers() {
    local line key="${root-}" now=$SECONDS
    if [[ -z ${_ct0_asked-} || $key != "${_ct0_asked_for-}" ]] || ((now - _ct0_asked > 10)); then
        _ct0_asked=$now _ct0_asked_for=$key _ct0_known=()
        while IFS= read -r line; do
            [[ $line =~ ^\ *\"(ctid|name)\":\ \"([A-Za-z0-9_.][A-Za-z0-9_.-]*)\",?$ ]] &&
                _ct0_known+=("${BASH_REMATCH[2]}")
        done < <(timeout 2 ct0 ${root:+--root "$root"} list --json 2>/dev/null)
    fi
    known=("${_ct0_known[@]}")
}

# Those of `known` that begin with the value so far, each once. Not by compgen -W, which would
# expand what is in them.
_ct0_offer() {
    local word quoted seen=' '
    for word in "${known[@]}"; do
        [[ $word == "$value"* && $seen != *" $word "* ]] || continue
        seen+="$word "
        printf -v quoted %q "${word#"$cut"}"
        COMPREPLY+=("$quoted")
    done
}

_ct0_complete() {
    local command=${1##*/} path option='' root='' word value cut='' before='' number
    local kind known options subcommands words
    local tell=_ct0_of_${command//[^a-z0-9_]/_}
    COMPREPLY=()
    _ct0_words
    path=$command
    for ((number = 1; number < ${#words[@]} - 1; number++)); do
        word=${words[number]}
        if [[ -n $option ]]; then
            [[ $option == --root ]] && root=$word
            option=''
        elif [[ $word == --root=* ]]; then
            root=${word#*=}
        elif [[ $word == -?* && $word != *=* ]]; then
            "$tell" "$path" "$word"
            [[ $kind == flag ]] || option=$word
        elif [[ $word != -* ]]; then
            "$tell" "$path" ''
            [[ $subcommands == *" $word "* ]] && path+=" $word"
        fi
    done
    value=${words[${#words[@]} - 1]}
    if [[ -z $option && $value == --*=* ]]; then
        option=${value%%=*} value=${value#*=}
        # What bash has cut off stands already, and is not to be repeated.
        [[ $COMP_WORDBREAKS == *=* ]] || before=$option=
    fi
    [[ $COMP_WORDBREAKS == *=* && $value == *=* ]] && cut=${value%"${value##*=}"}
    "$tell" "$path" "$option"
    if [[ -z $option && $value == -* ]]; then
        known=("${options[@]}") kind=words
    fi
    case $kind in
        words) _ct0_offer ;;
        ct) _ct0_containers && _ct0_offer ;;
        pid) known=(/proc/[1-9]*) && known=("${known[@]#/proc/}") && _ct0_offer ;;
        user) mapfile -t COMPREPLY < <(compgen -u -- "$value") ;;
        group) mapfile -t COMPREPLY < <(compgen -g -- "$value") ;;
        # Readline's own way with files: it knows about quotes, ~ and what is hidden.
        file) compopt -o default ;;
        folder) compopt -o dirnames ;;
        program)
            if [[ $value == */* ]]; then
                compopt -o default
            else
                mapfile -t COMPREPLY < <(compgen -c -- "$value" | sort -u)
            fi
            ;;
    esac
    [[ -z $before ]] || COMPREPLY=("${COMPREPLY[@]/#/$before}")
}
