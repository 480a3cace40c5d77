// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice A token that misbehaves in one chosen way.
contract HostileToken {
    enum Behaviour {
        Plain,
        FeeOnTransfer,
        GivesTooMuch,
        ShrinksTheReceiver,
        ReturnsFalse,
        ReturnsNothing,
        ReturnsBomb,
        Reverts,
        BlocksPayee,
        Reenters,
        MovesNothing,
        ReturnsTwo,
        TakesTwice
    }

    error HostileToken_Blocked(address payee);

    Behaviour public behaviour;
    address public blocked;
    mapping(address account => uint256) public balanceOf;

    address public target;
    bytes public payload;
    bytes public answer;

    function set(Behaviour behaviour_) external {
        behaviour = behaviour_;
    }

    function blockPayee(address account) external {
        (behaviour, blocked) = (Behaviour.BlocksPayee, account);
    }

    /// @notice At the next transfer calls `target_` with `payload_` and keeps what it answered.
    function reenter(address target_, bytes calldata payload_) external {
        (behaviour, target, payload, answer) = (Behaviour.Reenters, target_, payload_, "");
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    /// @dev Everything is allowed: what is under test is not the allowance.
    function allowance(address, address) external pure returns (uint256) {
        return type(uint256).max;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return _move(from, to, amount);
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external {
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 amount) internal returns (bool) {
        if (behaviour == Behaviour.Reverts) revert();
        if (behaviour == Behaviour.ReturnsFalse) return false;
        if (behaviour == Behaviour.BlocksPayee && to == blocked) revert HostileToken_Blocked(to);
        if (behaviour == Behaviour.Reenters) _callBack();
        if (behaviour == Behaviour.MovesNothing) return true;
        balanceOf[from] -= behaviour == Behaviour.TakesTwice ? 2 * amount : amount;
        balanceOf[to] += amount;
        if (behaviour == Behaviour.FeeOnTransfer) balanceOf[to] -= amount / 100;
        if (behaviour == Behaviour.GivesTooMuch) balanceOf[to] += 1;
        if (behaviour == Behaviour.ShrinksTheReceiver) balanceOf[to] = 0;
        if (behaviour == Behaviour.ReturnsNothing) {
            assembly {
                return(0, 0)
            }
        }
        if (behaviour == Behaviour.ReturnsTwo) {
            assembly {
                mstore(0, 2)
                return(0, 0x20)
            }
        }
        if (behaviour == Behaviour.ReturnsBomb) {
            assembly {
                mstore(0, 1)
                return(0, 0x10000)
            }
        }
        return true;
    }

    function _callBack() internal {
        bytes memory data = payload;
        if (data.length == 0) return;
        payload = "";
        (bool success, bytes memory said) = target.call(data);
        answer = success ? bytes("it went through") : said;
    }
}
