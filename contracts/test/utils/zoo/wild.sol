// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ZooToken} from "./ZooToken.sol";

// Tokens that break their word.

/// @notice Keeps one per cent of every transfer.
contract FeeToken is ZooToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (isLoose && from != address(0)) super._update(to, address(0xfee), amount / 100);
    }
}

/// @notice Every balance is a share of a pot that grows or shrinks with every transfer.
abstract contract RebasingToken is ZooToken {
    uint256 internal constant ONE = 1e18;
    uint256 internal factor = ONE;

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * factor / ONE;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount * ONE / factor);
        if (isLoose) factor = rebase(factor);
    }

    function rebase(uint256 before) internal pure virtual returns (uint256);
}

contract RebasingUp is RebasingToken {
    function rebase(uint256 before) internal pure override returns (uint256) {
        return before * 101 / 100;
    }
}

contract RebasingDown is RebasingToken {
    function rebase(uint256 before) internal pure override returns (uint256) {
        return before * 99 / 100;
    }
}

/// @notice Answers false and moves nothing.
contract FalseToken is ZooToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        return !isLoose && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !isLoose && super.transferFrom(from, to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (!isLoose) super._update(from, to, amount);
    }
}

/// @notice Answers true and moves nothing.
contract LyingToken is ZooToken {
    function _update(address from, address to, uint256 amount) internal override {
        if (!isLoose) super._update(from, to, amount);
    }
}

/// @notice Says of everybody that they have all there is.
contract BoastingToken is ZooToken {
    function balanceOf(address account) public view override returns (uint256) {
        return isLoose ? type(uint256).max : super.balanceOf(account);
    }
}

contract RevertingToken is ZooToken {
    function _update(address from, address to, uint256 amount) internal override {
        require(!isLoose);
        super._update(from, to, amount);
    }
}

/// @notice Everybody may hold it, nobody may move it, until it is unpaused.
contract PausableToken is ZooToken {
    error Paused();

    function _update(address from, address to, uint256 amount) internal override {
        if (isLoose && from != address(0)) revert Paused();
        super._update(from, to, amount);
    }
}

/// @notice Refuses one account, as sender and as receiver.
contract BlocklistToken is ZooToken {
    error Blocked(address account);

    address public blocked;

    function blockAccount(address account) external {
        blocked = account;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (isLoose && (from == blocked || to == blocked)) revert Blocked(blocked);
        super._update(from, to, amount);
    }
}

/// @notice Calls back with every transfer, as ERC-777 lets senders and receivers do, and asks for everything.
contract ReenteringToken is ZooToken {
    address[] internal targets;
    bytes[] internal calls;
    uint256 public successes;
    bool internal isBusy;

    function callBack(address target, bytes calldata data) external {
        targets.push(target);
        calls.push(data);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (isLoose && !isBusy) {
            isBusy = true;
            for (uint256 i; i < calls.length; ++i) {
                (bool success,) = targets[i].call(calls[i]);
                if (success) ++successes;
            }
            isBusy = false;
        }
        super._update(from, to, amount);
    }
}
